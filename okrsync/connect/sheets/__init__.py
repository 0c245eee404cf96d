"""Workbooks of three formats (xlsx, ods, csv) read alike: sheets of cells that know what they hold."""
