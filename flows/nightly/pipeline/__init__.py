"""Whether DVC would run a stage again, found out from its files: DVC itself needs seconds to say it."""
