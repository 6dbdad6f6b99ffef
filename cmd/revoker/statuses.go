package main

import (
	"receiptrevoker/tasks/outcome"
)

// The statuses that are shown where there is no outcome.
const (
	unknown outcome.Status = "unknown" // nobody asked for the imp_uid
	invalid outcome.Status = "invalid" // the line cannot be asked for
	corrupt outcome.Status = "corrupt" // what Redis holds is no outcome
)
