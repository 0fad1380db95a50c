"""BU101 → UCF101: 101 classes of labelled photos.

Of its hyper-parameters only the milestones are published ("Unsupervised Image-to-Video Adaptation via Category-aware
Flow Memory Bank and Realistic Video Generation", ACM MM 2024).
"""

from dataclasses import replace

from videoda_train.recipes.config import CfbConfig, OptimConfig
from videoda_train.recipes.e2h import CLASSES, E2H, E2H_MINI

NUM_CLASSES = 101

B2U = replace(
    E2H,
    optim=OptimConfig(lr=0.05, batch_size=16, lr_batch_size=16, epochs=25, milestones=(15, 20)),
    cfb=CfbConfig(
        bank_size=60, bank_from_epoch=10, pace_weight=round(E2H.cfb.pace_weight * len(CLASSES) / NUM_CLASSES, 3)
    ),
)
"""Milestones as published; learning rate, batch size and bank are those of `E2H`, the epochs are ours.

The pace weight is not published. It is `E2H`'s times 13 / 101: the classes' loss is a mean over classes, and its pull
on the RGB stream falls with their number, while the pace's cross-entropy stays. With `E2H`'s own 0.2 pace pulls nearly
as hard as all classes together in the miniature, and costs its RGB stream 5.6 points."""

B2U_MINI = replace(
    E2H_MINI,
    optim=OptimConfig(lr=0.05, batch_size=8, lr_batch_size=8, epochs=14, milestones=(10, 12)),
    cfb=CfbConfig(bank_size=7, bank_from_epoch=5, pace_weight=0.2),
)
"""The miniature: milestones and the bank's first epoch in `E2H_MINI`'s proportion, everything else as there, the
pace weight too, but for the batch: see `S2U_MINI`."""
