"""The report: one self-contained HTML page of a run, for the runner and for who looks closer."""

from trendel.app.report.page import report_html as report_html
from trendel.app.report.write import write_report as write_report
