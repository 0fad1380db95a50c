import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def test_the_readmes_code_runs_as_printed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code = re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)
    assert len(code) >= 3
    exec(compile("\n".join(code), str(README), "exec"), {})
    printed = capsys.readouterr().out
    assert "['a', 'b', 'c']" in printed
    assert "tensor([ True,  True, False])" in printed
