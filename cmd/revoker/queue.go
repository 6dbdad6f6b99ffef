package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/worker/pause"
)

// queueSettings say which queues are meant.
type queueSettings struct {
	pgs []string
}

func (p *program) queueFlags(s *queueSettings, f *pflag.FlagSet) {
	p.redis.Flags(f)
	f.StringSliceVar(&s.pgs, "pg", nil, "the queues of these payment gateways: `codes`, or their Korean names")
}

// tellQueue says what became of a queue, in columns that all that are meant fit.
func (p *program) tellQueue(meant []pause.Pause, queue, became string) {
	width := 0
	for _, q := range meant {
		width = max(width, len(q.Queue))
	}
	newScreen(p.stdout).say("%s  %s", pad(queue, width), became)
}

// openQueues connects, and returns the queues that are meant: those named, or all that exist
// or are paused.
func (p *program) openQueues(ctx context.Context, s *queueSettings, names []string) ([]pause.Pause, error) {
	if err := p.connect(ctx); err != nil {
		return nil, err
	}
	all, err := p.gates.Pauses(ctx)
	if err != nil {
		return nil, err
	}
	return s.meant(all, possibleQueues(all, p.redis.Namespace), names)
}

// meant returns the queues that are meant, of those given all if none is named. A queue of
// a gateway that is known is one whether or not it exists. The error names one that is none.
func (s *queueSettings) meant(all, possible []pause.Pause, names []string) ([]pause.Pause, error) {
	if len(names)+len(s.pgs) == 0 {
		return all, nil
	}
	wanted := make(map[string]bool)
	for _, name := range names {
		if !slices.ContainsFunc(possible, func(p pause.Pause) bool { return p.Queue == name }) {
			return nil, usageError{fmt.Errorf("there is no queue %q; there are %s", name, listed(queueNames(possible)))}
		}
		wanted[name] = true
	}
	for _, name := range s.pgs {
		pg, _ := tasks.ParseGateway(name)
		found := false
		for _, p := range possible {
			if q, _ := tasks.ParseQueue(p.Queue); q.PG == pg && pg != "" {
				wanted[p.Queue], found = true, true
			}
		}
		if !found {
			return nil, usageError{fmt.Errorf("there is no queue of the gateway %q; known are %s", name, knownGateways())}
		}
	}
	return slices.DeleteFunc(possible, func(p pause.Pause) bool { return !wanted[p.Queue] }), nil
}

// possibleQueues returns all queues of the namespace, by name: those given, and those of every
// gateway that is known.
func possibleQueues(all []pause.Pause, namespace string) []pause.Pause {
	all = slices.Clone(all)
	for _, q := range tasks.Queues(namespace) {
		if !slices.ContainsFunc(all, func(p pause.Pause) bool { return p.Queue == q.Name() }) {
			all = append(all, pause.Pause{Queue: q.Name()})
		}
	}
	slices.SortFunc(all, func(a, b pause.Pause) int { return strings.Compare(a.Queue, b.Queue) })
	return all
}

// tellNoQueue says that no queue exists. Why, Redis does not tell: nothing was requested, or
// it has lost its data.
func (p *program) tellNoQueue() { p.say("Redis holds no queue of this namespace") }

// showNoQueue says that there is nothing to list, to people after how many workers are running.
func (p *program) showNoQueue(workers asynqkeys.Count) error {
	p.tellNoQueue()
	if p.json {
		return nil
	}
	return newScreen(p.stdout).line(working(workers, 0), hanging)
}

// check returns an error unless a command says which queues it shall change.
func (s *queueSettings) check(queues []string, every bool) error {
	switch named := len(queues)+len(s.pgs) > 0; {
	case !named && !every:
		return usageError{errors.New("say which queues: their names, --pg or --all")}
	case named && every:
		return usageError{errors.New("--all means every queue: name none, and give no --pg")}
	}
	return nil
}

func queueNames(queues []pause.Pause) (names []string) {
	for _, p := range queues {
		names = append(names, p.Queue)
	}
	return names
}
