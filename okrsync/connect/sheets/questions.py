"""How a person asks for one number of a workbook, wherever the workbook is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from okrsync.connect.contract import History, Query
from okrsync.connect.sheets.cells import label_of, parse_coordinate
from okrsync.vocabulary import Aggregation

_GOES_WITH: Mapping[str, frozenset[str]] = {
    "cell": frozenset(),
    "name": frozenset(),
    "row": frozenset({"column", "label_column", "header_row"}),
    "agg": frozenset({"column", "where", "date_column", "p", "header_row"}),
}
_BY_DATE = (Aggregation.LATEST, Aggregation.FIRST)


def _as_text(value: Any) -> Any:
    """Take `row: 2026`, `where: {Won: true}` and a date as they stand in the sheet."""
    return label_of(Decimal(repr(value)) if isinstance(value, float) else value) if _is_plain(value) else value


def _is_plain(value: Any) -> bool:
    return isinstance(value, bool | int | float | Decimal | date)


Text = Annotated[str, BeforeValidator(_as_text), Field(min_length=1)]


class SheetQuery(Query):
    """One number: a cell, a named range, a column and a row by their labels, or a column reduced to one number."""

    sheet: str | None = Field(None, description="The sheet; may be left out where there is just one.", examples=["KPI"])
    cell: str | None = Field(None, description="The cell that holds the number.", examples=["B2"])
    name: str | None = Field(None, description="Or a named range of one cell.", examples=["MonthlyRevenue"])
    column: Text | None = Field(None, description="Or the column, by its header.", examples=["Amount"])
    row: Text | None = Field(None, description="The row of `column`, by its label.", examples=["Revenue"])
    label_column: Text | None = Field(None, description="Header of the row labels; the first column if left out.")
    agg: Aggregation | None = Field(None, description="What becomes of all rows of `column`.", examples=["sum"])
    where: dict[Text, Text] = Field({}, description="Only rows that hold this.", examples=[{"Stage": "Won"}])
    date_column: Text | None = Field(
        None,
        description="Only rows whose date lies in the metric's window; without it the sheet knows only its present.",
        examples=["Closed"],
    )
    p: Decimal | None = Field(None, ge=0, le=100, description="Which percentile.", examples=[90])
    header_row: int = Field(1, ge=1, description="Number of the row that holds the headers.")

    @field_validator("cell")
    @classmethod
    def _one_cell(cls, cell: str | None) -> str | None:
        if cell is not None:
            parse_coordinate(cell)
        return cell

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [way for way in _GOES_WITH if getattr(self, way) is not None]
        if len(ways) != 1:
            raise ValueError("ask in one of these ways: `cell`, `name`, `column` and `row`, or `column` and `agg`")
        if surplus := self.model_fields_set - _GOES_WITH[ways[0]] - {ways[0], "sheet"} - self._unset():
            raise ValueError(f"`{ways[0]}` does not go with {', '.join(f'`{each}`' for each in sorted(surplus))}")
        if "column" in _GOES_WITH[ways[0]] and self.column is None:
            raise ValueError(f"`{ways[0]}` needs `column`, the header of the column")
        return self

    @model_validator(mode="after")
    def _aggregate_complete(self) -> Self:
        if (self.agg is Aggregation.PERCENTILE) != (self.p is not None):
            raise ValueError("`agg: percentile` and `p` go together")
        if self.agg in _BY_DATE and self.date_column is None:
            raise ValueError(f"`agg: {self.agg}` needs `date_column`")
        return self

    def _unset(self) -> set[str]:
        return {field for field in self.model_fields_set if getattr(self, field) in (None, {})}

    @property
    def history(self) -> History:
        """Which past can be asked for: any window where rows carry dates, else none."""
        return History.SNAPSHOT if self.date_column is None else History.WINDOW
