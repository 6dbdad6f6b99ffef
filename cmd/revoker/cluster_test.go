package main

import (
	"strings"
	"testing"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/worker/iamport/iamporttest"
)

// TestClusterOfThreeMasters carries every command out on a Redis Cluster whose
// keys are spread over three masters.
func TestClusterOfThreeMasters(t *testing.T) {
	t.Parallel()
	masters := redistest.StartMasters(t, 3, "--appendonly", "yes")
	w := newWorld(t, redistest.ClusterURL(masters), iamporttest.Config{})
	log := startWork(t, w.environment)
	tour{producer: w, operator: w, lines: 600, refused: 30}.run(t)

	for i, master := range masters { // queues have slots of their own, and all of ours one
		if n := master.Client(t).DBSize(t.Context()).Val(); n == 0 {
			t.Errorf("master %d holds no key", i)
		}
	}
	if strings.Contains(log.String(), "CROSSSLOT") {
		t.Error("a command touches keys of several nodes")
	}
}
