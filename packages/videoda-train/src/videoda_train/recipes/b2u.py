"""BU101 → UCF101: 101 classes of labelled photos.

Of its hyper-parameters only the milestones are published ("Unsupervised Image-to-Video Adaptation via Category-aware
Flow Memory Bank and Realistic Video Generation", ACM MM 2024).
"""

from dataclasses import replace

from videoda_train.recipes.config import CfbConfig, OptimConfig
from videoda_train.recipes.e2h import E2H, E2H_MINI

B2U = replace(
    E2H,
    optim=OptimConfig(lr=0.05, batch_size=16, lr_batch_size=16, epochs=25, milestones=(15, 20)),
    cfb=CfbConfig(bank_size=60, bank_from_epoch=10, pace_weight=0.2),
)
"""Milestones as published; learning rate, batch size, pace weight and bank are those of `E2H`, the epochs are ours."""

B2U_MINI = replace(
    E2H_MINI,
    optim=OptimConfig(lr=0.05, batch_size=8, lr_batch_size=8, epochs=14, milestones=(10, 12)),
    cfb=CfbConfig(bank_size=7, bank_from_epoch=5, pace_weight=0.2),
)
"""The miniature: milestones and the bank's first epoch in `E2H_MINI`'s proportion, everything else as there but for the
batch: see `S2U_MINI`."""
