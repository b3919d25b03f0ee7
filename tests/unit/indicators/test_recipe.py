"""The example of the recipe is a whole indicator that works."""

from __future__ import annotations

import importlib.util
import re
import textwrap

import numpy as np
import pandas as pd
import pandas_ta

from apps.domain.indicators.registry import Request
from apps.domain.studies import Study
from tests.unit.indicators.candles import ROOT, made_up


def test_the_example_equals_pandas_ta(tmp_path):
    text = (ROOT / "docs" / "recipes" / "add-an-indicator.md").read_text()
    example = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    file = tmp_path / "er.py"
    file.write_text(textwrap.dedent(example[1]))
    found = importlib.util.spec_from_file_location("er", file)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)

    candles = made_up(150)
    ours = Study([Request(module.SPEC, (10.0,))]).close(candles)[:, 0]
    theirs = pandas_ta.er(pd.Series(candles["close"]), 10).to_numpy()
    assert np.isnan(ours).sum() == module.SPEC.warm_up(10) - 1 == np.isnan(theirs).sum()
    assert np.allclose(ours[10:], theirs[10:], rtol=1e-9)
