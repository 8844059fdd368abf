"""Arrow tables to DataFrames, column by column and mostly without a copy."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from mosaic_nb.recording.tables import Table

Codes = tuple[np.ndarray[Any, Any], pa.Array]


def frame(table: Table, columns: pa.Table) -> pd.DataFrame:
    """Return an Arrow table as a DataFrame, a column of the declared dtype for each.

    ==========  ==============================================================
    kind        dtype
    ==========  ==============================================================
    category    category of str
    string      str
    int         int64; Int64 where values are missing
    float       float64; NaN where missing
    bool        bool; boolean where values are missing
    floats      list<float> (Arrow); NA where missing
    json        int64 or Int64 where every value is an integer; else object,
                equal values being one object, None where missing
    ==========  ==============================================================

    The arrays are views of Arrow's memory where that is possible, and then read-only: hand out a copy (a shallow
    one will do while this DataFrame lives). ``attrs`` says what a row and the columns mean.
    """
    converted = {column.name: _CONVERT[column.kind](columns[column.name]) for column in table.columns}
    result = pd.DataFrame(converted, copy=False)
    result.attrs = {"table": table.name, "row": table.row, "columns": _meanings(table)}
    return result


def _meanings(table: Table) -> dict[str, str]:
    return {c.name: f"{c.meaning} [{c.unit}]" if c.unit else c.meaning for c in table.columns}


def _category(values: pa.ChunkedArray) -> pd.Categorical:
    codes, texts = _codes(values)
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(texts.to_pandas()), validate=False)


def _json(values: pa.ChunkedArray) -> Any:
    codes, texts = _codes(values)
    try:
        integers = texts.cast(pa.int64())
    except pa.ArrowInvalid:
        parsed = np.empty(len(texts) + 1, object)  # the last one is None, which is what code -1 picks
        for place, text in enumerate(texts.to_pylist()):
            parsed[place] = json.loads(text)
        return parsed[codes]
    picked = np.append(integers.to_numpy(), 0)[codes]
    return pd.arrays.IntegerArray(picked, codes < 0) if values.null_count else picked


def _codes(values: pa.ChunkedArray) -> Codes:
    """Return each value's place in the distinct values (-1 where it is missing), and these."""
    one = values.unify_dictionaries().combine_chunks()
    indices = one.indices.fill_null(-1) if one.null_count else one.indices
    return indices.to_numpy(), one.dictionary


def _string(values: pa.ChunkedArray) -> Any:
    return values.to_pandas().array


def _number(values: pa.ChunkedArray) -> Any:
    return pd.Int64Dtype().__from_arrow__(values) if values.null_count else values.to_numpy()


def _float(values: pa.ChunkedArray) -> Any:
    return values.to_numpy()


def _bool(values: pa.ChunkedArray) -> Any:
    return pd.BooleanDtype().__from_arrow__(values) if values.null_count else values.to_numpy()


def _floats(values: pa.ChunkedArray) -> Any:
    return pd.array(values, dtype=pd.ArrowDtype(values.type))


_CONVERT: dict[str, Callable[[pa.ChunkedArray], Any]] = {
    "category": _category,
    "string": _string,
    "int": _number,
    "float": _float,
    "bool": _bool,
    "floats": _floats,
    "json": _json,
}
