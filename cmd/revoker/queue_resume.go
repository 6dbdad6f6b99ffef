package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/pause"
)

// queueResumeSettings say which queues are to be resumed, and which pauses of them are to be lifted.
type queueResumeSettings struct {
	queueSettings
	every bool
	// by and reason are of the pauses that are to be lifted: both empty mean every pause, also one
	// of a gate; otherwise only pauses of persons that have exactly the values given.
	by, reason string
}

// queueResume returns the command that lifts pauses. --reason alone would also lift the pause of a
// colleague who followed the same runbook and gave the same reason, so the runbook resumes with --by.
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

// runQueueResume resumes one queue after the other and prints a line for each. Whose pauses it lifted
// comes in the end, also after an error: the persons concerned may have to hear of it. It returns
// errUnfinished if --by or --reason selected pauses and none was there.
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

// lifts reports whether a pause is one of those that are to be lifted. A gate's pause is one only if
// neither --by nor --reason is given.
func (s *queueResumeSettings) lifts(queue pause.Pause) bool {
	return !s.chosen() || queue.ByPerson() &&
		(s.by == "" || queue.By == s.by) && (s.reason == "" || queue.Reason == s.reason)
}

// chosen reports whether only some pauses are to be lifted.
func (s *queueResumeSettings) chosen() bool { return s.by != "" || s.reason != "" }

// choice says which pauses chosen means, for a sentence that ends in "is paused".
func (s *queueResumeSettings) choice() (text string) {
	if s.by != "" {
		text = fmt.Sprintf(" by %q", s.by)
	}
	if s.reason != "" {
		text += fmt.Sprintf(" with the reason %q", s.reason)
	}
	return text
}

// pauseTally counts queues by the act that paused them: a gate's closing, or a person's command. One
// "queue pause --all" pauses every queue: a line for each would hide that another person paused two of
// them. Its zero value is ready to use.
type pauseTally struct {
	acts   []string // in the order in which they came
	queues map[string]int
}

// add counts a queue that was resumed, by the text that tells who paused it, since when and why.
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

// tellLifted says on standard error whose pauses were lifted, a line for each act: "22 queues resumed
// that were paused by lee, since 2026-11-26 08:49:00 KST: wrong list".
func (p *program) tellLifted(lifted pauseTally) {
	for _, act := range lifted.acts {
		p.say("%s paused %s", count(lifted.queues[act], "queue resumed that was", "queues resumed that were"), act)
	}
}

// resumeQueue lifts what was seen to pause a queue and returns, for people, what the command did. If a
// gate had paused it, the gate opens; behind a closed gate a person's pause becomes the gate's.
func resumeQueue(ctx context.Context, store *gate.Store, queue pause.Pause) (string, error) {
	behind, done, err := store.Resume(ctx, queue)
	switch {
	case err != nil:
		return "", err
	case !done && queue.Paused:
		// Resume lifts only what was seen: another person or a gate may have paused the queue since,
		// for a reason that this person does not know of.
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
