package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/pause"
)

// queueResumeSettings say which queues are to be resumed.
type queueResumeSettings struct {
	queueSettings
	every bool
	// by and reason are of the pauses that are to be lifted; both "" for whatever pauses them.
	by, reason string
}

func (p *program) queueResume() *cobra.Command {
	var s queueResumeSettings
	cmd := &cobra.Command{
		Use:   "resume QUEUE...",
		Short: "Resume queues, whoever has paused them",
		Long: `Resume has workers take tasks again from the queues named, from those of a
gateway, or from all. If a gate has paused one, the gate opens; it closes again
once as many receipts have failed without a success in between. One that a
person has paused behind a closed gate waits for that gate, as before; resumed
once more, it opens the gate. A queue that is not paused is no error.

It lifts the pauses of other people too, and says in the end whose they were and
why. With --by, --reason or both it lifts those alone that were made with them,
and says of each other queue what pauses it; it exits 3 if there was none to
lift. A queue that another person had paused before is that person's.`,
		Example: `  revoker queue resume receipts-bulk-kcp
  revoker queue resume --pg kcp
  revoker queue resume --all --by kim --reason 'wrong list'`,
		PreRunE: notEmpty("by", "reason"),
		Args:    arguments(0, -1, ""),
		RunE: func(cmd *cobra.Command, queues []string) error {
			if err := s.check(queues, s.every); err != nil {
				return err
			}
			return p.runQueueResume(cmd.Context(), &s, queues)
		},
	}
	p.queueFlags(&s.queueSettings, cmd.Flags())
	cmd.Flags().BoolVar(&s.every, "all", false, "every queue")
	cmd.Flags().StringVar(&s.by, "by", "", "only what the person of just this `name` paused (default whoever paused it)")
	cmd.Flags().StringVar(&s.reason, "reason", "",
		"only what a person paused with just this `text` (default whatever pauses it)")
	return cmd
}

func (p *program) runQueueResume(ctx context.Context, s *queueResumeSettings, queues []string) error {
	meant, err := p.openQueues(ctx, &s.queueSettings, queues)
	if err != nil {
		return err
	}
	var lifted pauseTally
	for _, queue := range meant {
		if queue.Paused && !s.lifts(queue) {
			p.tellQueue(meant, queue.Queue, "stays paused, "+by(queue))
			continue
		}
		became, err := resumeQueue(ctx, p.gates, queue)
		if err != nil {
			p.tellLifted(lifted)
			return err
		}
		p.tellQueue(meant, queue.Queue, became)
		lifted.add(queue)
	}
	p.tellLifted(lifted)
	switch {
	case s.chosen() && len(lifted.acts) == 0:
		p.say("revoker: none of these queues is paused%s", s.choice())
		return errUnfinished
	case len(meant) == 0:
		p.tellNoQueue()
	}
	return nil
}

// lifts reports whether a pause is one of those that are to be lifted.
func (s *queueResumeSettings) lifts(queue pause.Pause) bool {
	return !s.chosen() || queue.ByPerson() &&
		(s.by == "" || queue.By == s.by) && (s.reason == "" || queue.Reason == s.reason)
}

// chosen reports whether only some pauses are to be lifted.
func (s *queueResumeSettings) chosen() bool { return s.by != "" || s.reason != "" }

// choice says which.
func (s *queueResumeSettings) choice() (text string) {
	if s.by != "" {
		text = fmt.Sprintf(" by %q", s.by)
	}
	if s.reason != "" {
		text += fmt.Sprintf(" with the reason %q", s.reason)
	}
	return text
}

// pauseTally counts queues by the act that paused them: a gate's closing, or a person's command.
type pauseTally struct {
	acts   []string // in the order in which they came
	queues map[string]int
}

func (t *pauseTally) add(queue pause.Pause) {
	if !queue.Paused {
		return
	}
	act := by(queue)
	if t.queues == nil {
		t.queues = make(map[string]int)
	}
	if t.queues[act]++; t.queues[act] == 1 {
		t.acts = append(t.acts, act)
	}
}

// tellLifted says whose pauses were lifted, a line for each act.
func (p *program) tellLifted(lifted pauseTally) {
	for _, act := range lifted.acts {
		p.say("%s paused %s", count(lifted.queues[act], "queue resumed that was", "queues resumed that were"), act)
	}
}

func resumeQueue(ctx context.Context, store *gate.Store, queue pause.Pause) (string, error) {
	behind, done, err := store.Resume(ctx, queue)
	switch {
	case err != nil:
		return "", err
	case !done && queue.Paused:
		return "", fmt.Errorf("what pauses %s has changed this moment; try again", queue.Queue)
	case !done:
		return "is not paused", nil
	case behind != "":
		return fmt.Sprintf("resumed, but %s is closed: it waits for that", gateName(string(behind))), nil
	case queue.Gate != "":
		return fmt.Sprintf("resumed, and %s opened", gateName(queue.Gate)), nil
	}
	return "resumed", nil
}
