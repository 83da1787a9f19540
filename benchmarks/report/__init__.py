"""From records to what people read: rows, tables, the page, plots, comparisons, the paper's tables."""
