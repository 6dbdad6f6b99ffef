package pulse_test

import (
	"testing"
	"testing/synctest"
	"time"

	"receiptrevoker/worker/pulse"
)

func TestLoopThatRestsIsDead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := pulse.New()
		if err := p.Err(); err != nil {
			t.Errorf("before any loop runs: %v", err)
		}
		p.Beat("discover")
		p.Beat("leases")
		time.Sleep(pulse.Silence)
		p.Beat("leases")
		if err := p.Err(); err != nil {
			t.Errorf("just in time: %v", err)
		}
		time.Sleep(time.Second)
		const want = `the loop "discover" has not turned for 5m1s`
		if err := p.Err(); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		p.End("discover")
		if err := p.Err(); err != nil {
			t.Errorf("after it has ended: %v", err)
		}
	})
}
