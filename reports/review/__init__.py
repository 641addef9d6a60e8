"""The agents' web application: lists to work with, reasons to contest, and a place to answer."""
