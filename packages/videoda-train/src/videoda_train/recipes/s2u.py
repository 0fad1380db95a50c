"""Stanford40 → UCF101: 12 classes of labelled photos to classify 1610 videos.

Hyper-parameters: the published code and logs of "Unsupervised Image-to-Video Adaptation via Category-aware Flow Memory
Bank and Realistic Video Generation" (ACM MM 2024).
"""

from dataclasses import replace

from videoda_train.recipes.config import CfbConfig, OptimConfig
from videoda_train.recipes.e2h import E2H, E2H_MINI

S2U = replace(
    E2H,
    optim=OptimConfig(lr=0.015, batch_size=32, lr_batch_size=32, epochs=20, milestones=(10, 15)),
    cfb=CfbConfig(bank_size=60, bank_from_epoch=10, pace_weight=0.01),
)
"""The published recipe, with the deviations of `E2H`. It was run on two GPUs, so that batch norm saw 16 clips; here it
sees the whole batch of 32."""

S2U_MINI = replace(
    E2H_MINI,
    optim=OptimConfig(lr=0.05, batch_size=8, lr_batch_size=8, epochs=14, milestones=(10, 12)),
    cfb=CfbConfig(bank_size=10, bank_from_epoch=5, pace_weight=0.01),
)
"""The miniature: the pace weight as published, milestones and the bank's first epoch in `E2H_MINI`'s proportion,
everything else as there but for the batch. With 16 clips a step an epoch has 30 steps, and after all of them the loss
of either stream on the photos is still 1.5 times what it is with 8."""
