package main

import (
	"testing"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/worker/iamport/iamporttest"
)

func TestDoctorsExitCodes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		want int
	}{
		"all is well":     {[]string{"--appendonly", "yes"}, exitDone},
		"a warning":       {[]string{"--appendonly", "yes", "--appendfsync", "no"}, exitUnfinished},
		"no persistence":  {nil, exitFailed},
		"wrong eviction":  {[]string{"--appendonly", "yes", "--maxmemory-policy", "volatile-lru"}, exitFailed},
		"takes no writes": {[]string{"--appendonly", "yes", "--min-replicas-to-write", "3"}, exitFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newWorld(t, redistest.Start(t, test.args...).URL(), iamporttest.Config{}).expect(t, test.want, "doctor")
		})
	}
}
