"""Masking: replace personal data in a clone by invented data, as a policy says, column by column.

Read the catalogue and decide on every column (``plan_masking``), then rewrite table by table
(``mask_tables``). A column that no rule decides on is a gap, and a gap stops the run.
"""

from shared.masking.coverage import CoverageGap, Gap, ModuleGap
from shared.masking.plan import MaskingPlan, plan_masking
from shared.masking.policy import MaskingPolicy, load_policy
from shared.masking.rewrite import MaskingProgress, mask_tables
from shared.masking.settling import settle

__all__ = [
    "CoverageGap",
    "Gap",
    "MaskingPlan",
    "MaskingPolicy",
    "MaskingProgress",
    "ModuleGap",
    "load_policy",
    "mask_tables",
    "plan_masking",
    "settle",
]
