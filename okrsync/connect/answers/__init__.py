"""From what a source answered to one exact number: paging, paths, rows and their aggregates."""
