package gate_test

import (
	"testing"
	"time"

	"receiptrevoker/bench/redistest"
)

func TestGatesTellWhenTheyLastTurned(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	a := start(t, server.Client(t), "a", &gateway{}, quick)
	eventually(t, "they turn", func() bool { return !a.Turned().IsZero() })
	server.Kill()
	gone := time.Now()
	eventually(t, "they turn without Redis", func() bool { return a.Turned().After(gone.Add(time.Second)) })
	a.stop()
	if turned := a.Turned(); !turned.IsZero() {
		t.Errorf("they have stopped, and say that they turned at %v", turned)
	}
}
