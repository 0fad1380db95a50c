"""Optical flow of videos: estimators, one video, a list, and comparing two results."""

from videoda_train.data.flow._compare import FlowDifference, compare_flow
from videoda_train.data.flow._estimators import METHODS, FlowEstimator, Method, create_estimator
from videoda_train.data.flow._flow_list import FlowConfig, flow_list

__all__ = [
    "METHODS",
    "FlowConfig",
    "FlowDifference",
    "FlowEstimator",
    "Method",
    "compare_flow",
    "create_estimator",
    "flow_list",
]
