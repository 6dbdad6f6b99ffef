// Package redis has what else Redis is run with where revoker is deployed.
package redis

import _ "embed"

// MendAOF is a script for sh that is run before every start of Redis, with its directory:
// it takes off the append-only file what Redis was killed in the middle of writing.
//
//go:embed mend-aof
var MendAOF string
