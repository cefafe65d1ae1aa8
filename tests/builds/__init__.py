"""The two builds of the user service, compared: they differ in what the statement says alone."""
