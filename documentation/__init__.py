"""The documentation site: pages that follow from the code, links, and the build."""
