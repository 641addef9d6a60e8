"""Pages made from the code at build time: never typed by hand, never committed."""
