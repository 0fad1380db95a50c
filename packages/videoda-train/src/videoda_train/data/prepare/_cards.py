"""Where each dataset comes from and on what terms."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DatasetCard:
    """One dataset: its source, its terms as its owners state them, the layout that is looked for."""

    name: str
    title: str
    tasks: tuple[str, ...]
    source: str
    terms: str
    layout: str


DATASETS = (
    DatasetCard(
        name="eads",
        title="EADs: photos of 13 actions, from Stanford40 and HII",
        tasks=("e2h",),
        source="the authors of 'Deep Image-to-Video Adaptation and Fusion Networks …' (IEEE TIP 2020)",
        terms="no licence stated; the photos belong to their owners",
        layout="EAD_image_dataset/CLASS/*.jpg",
    ),
    DatasetCard(
        name="hmdb51",
        title="HMDB51: 51 classes of film and web videos",
        tasks=("e2h",),
        source="https://serre.lab.brown.edu/hmdb51.html",
        terms="CC BY 4.0 as its page states; the videos belong to their owners",
        layout="CLASS/*.avi, or hmdb51_org.rar, or its CLASS.rar: archives are unpacked beside themselves",
    ),
    DatasetCard(
        name="stanford40",
        title="Stanford 40 Actions: photos of 40 actions",
        tasks=("s2u",),
        source="http://vision.stanford.edu/Datasets/40actions.html",
        terms="no licence stated; the photos belong to their owners",
        layout="JPEGImages/CLASS_NNN.jpg",
    ),
    DatasetCard(
        name="bu101",
        title="BU101: web photos of UCF101's 101 actions",
        tasks=("b2u",),
        source="https://cs-people.bu.edu/sbargal/BU-action/",
        terms="no licence stated; the photos belong to their owners",
        layout="CLASS/* (UCF101's class names)",
    ),
    DatasetCard(
        name="ucf101",
        title="UCF101: 101 classes of web videos",
        tasks=("b2u", "s2u"),
        source="https://www.crcv.ucf.edu/data/UCF101.php",
        terms="no licence stated; the videos belong to their owners",
        layout="CLASS/v_CLASS_gNN_cNN.avi, or all of them in one folder, or UCF101.rar",
    ),
    DatasetCard(
        name="kinetics",
        title="Kinetics-400: 28 of its classes, merged into 12",
        tasks=("k2b",),
        source="https://github.com/cvdfoundation/kinetics-dataset",
        terms="annotations CC BY 4.0; the videos belong to their owners",
        layout="CLASS/VIDEO.mp4 or VIDEO.mp4, or raw frames CLASS/VIDEO/img_00000.jpg",
    ),
    DatasetCard(
        name="babel",
        title="BABEL labels on AMASS motion capture (BMLrub), rendered to frames",
        tasks=("k2b",),
        source="https://babel.is.tue.mpg.de and https://amass.is.tue.mpg.de; renders: the authors of GLAD",
        terms="registration; non-commercial scientific research",
        layout="train/SEQUENCE/*.jpg and val/SEQUENCE/*.jpg",
    ),
)
