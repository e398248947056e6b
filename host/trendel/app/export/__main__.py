"""`python -m trendel.app.export`: docs/tables.md on stdout."""

from trendel.app.export.tables import dictionary_page

if __name__ == "__main__":
    print(dictionary_page(), end="")
