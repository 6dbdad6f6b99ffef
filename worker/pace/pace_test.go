package pace_test

import (
	"testing"
	"testing/synctest"
	"time"

	"receiptrevoker/worker/pace"
)

const often = 200 * time.Millisecond

func TestIdleProcessAsksSeldomUntilItGetsATask(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := pace.New()
		busy := func(want bool) {
			t.Helper()
			wait, woken := p.Next(often)
			if got := wait == often && woken == nil; got != want {
				t.Errorf("at %v: waits for %v, woken %v; want busy %v", time.Now(), wait, woken, want)
			}
		}
		busy(true) // it has just started
		time.Sleep(5 * time.Second)
		busy(false)
		_, woken := p.Next(often)
		first := p.Begin()
		select {
		case <-woken:
		default:
			t.Error("the first task wakes none who waits")
		}
		second := p.Begin()
		time.Sleep(time.Hour) // a task that takes long
		busy(true)
		first()
		time.Sleep(time.Minute)
		busy(true)
		second()
		time.Sleep(4 * time.Second)
		busy(true)
		time.Sleep(time.Second)
		busy(false)
	})
}

func TestWithoutAPaceOneIsAlwaysBusy(t *testing.T) {
	t.Parallel()
	var p *pace.Pace
	p.Begin()()
	if wait, woken := p.Next(often); wait != often || woken != nil {
		t.Errorf("waits for %v", wait)
	}
}
