"""Tables of cells that people and vendors write: where cells come from, and what is written in them.

    cells         what a cell and a table are, whatever file they came from
    text          delimited text: encodings, delimiters, quotes
    workbook      XLSX worksheets
    columns       which column is which, by known names or by the settings
    numbers       written numbers with units, decimal comma or point
    written_dates written dates and times, in any order and many languages
    stamps        from date and time cells to one moment of a record
    logs          the loop both log formats share: tables in, readings and the fate of every record out

What stands above the cell (columns, numbers, dates) knows nothing of files, so that a sheet and its
CSV give the same table.
"""
