// Package scene sets up what a measurement of contenders needs: a Redis, a simulated PortOne, and
// processes that share the work. Redis and PortOne are each scene's own, so that nothing of a run is
// left in the next one.
package scene

import (
	"context"
	"time"

	"receiptrevoker/bench/internal/benchredis"
	"receiptrevoker/bench/internal/contender"
	"receiptrevoker/bench/internal/portone"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks/wait"
	"receiptrevoker/worker/iamport/iamporttest"
)

// Scene is everything that takes part in a run.
type Scene struct {
	PortOne *portone.Server
	Redis   *benchredis.Server
	Client  *enqueue.Client
	Job     contender.Job // of each worker
	Workers []*contender.Process
}

// New starts PortOne and a Redis; workers are started for job by
// [Scene.Start]. The caller closes the scene. Where New fails, it has ended what it started.
func New(ctx context.Context, cfg iamporttest.Config, job contender.Job) (s *Scene, err error) {
	s = &Scene{Job: job}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	// A bare handler obtains no token: the scene obtains one that outlives every run, and gives it to
	// the handler.
	cfg.TokenLifetime = 24 * time.Hour
	if s.PortOne, err = portone.Start(cfg); err != nil {
		return nil, err
	}
	if s.Job.Token, err = s.PortOne.Token(); err != nil {
		return nil, err
	}
	if s.Redis, err = benchredis.Start(ctx, ""); err != nil {
		return nil, err
	}
	s.Client = enqueue.NewClient(s.Redis.Client, enqueue.Config{})
	s.Job.URL, s.Job.RedisAddr = s.PortOne.URL, s.Redis.Addr
	return s, nil
}

// Close ends everything. The workers come first: without PortOne or Redis they would complain.
func (s *Scene) Close() {
	s.Kill()
	if s.PortOne != nil {
		s.PortOne.Close()
	}
	if s.Redis != nil {
		s.Redis.Stop()
	}
}

// Start starts n workers beside those that there are, each as a process of its own. It returns before
// they serve queues: see [Scene.Serve].
func (s *Scene) Start(ctx context.Context, n int) error {
	for range n {
		process, err := contender.Start(ctx, s.Job)
		if err != nil {
			return err
		}
		s.Workers = append(s.Workers, process)
	}
	return nil
}

// Kill ends all workers at once with SIGKILL: nothing is finished or handed back.
func (s *Scene) Kill() {
	for _, process := range s.Workers {
		process.Kill()
	}
	s.Workers = nil
}

// Restart kills all workers and Redis at once, and starts as many of them again after a while. Redis
// reads its append-only file, so that the scene must have been made with one.
func (s *Scene) Restart(ctx context.Context, away time.Duration) error {
	workers := len(s.Workers)
	s.Kill()
	s.Redis.Kill()
	if err := wait.For(ctx, away); err != nil {
		return err
	}
	if err := s.Redis.Up(ctx); err != nil {
		return err
	}
	return s.Start(ctx, workers)
}
