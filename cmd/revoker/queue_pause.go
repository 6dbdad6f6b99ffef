package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/user"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"receiptrevoker/worker/pause"
)

// queuePauseSettings say which queues are paused, by whom and why. by and reason are kept in Redis with
// the pause, for people who find the queue paused; "queue resume" can select by them.
type queuePauseSettings struct {
	queueSettings
	every      bool
	by, reason string
}

// queuePause returns the command that stops calls. An empty --by or --reason, as of a script whose
// variable is not set, is refused: the pause would be that of the machine's user, and the script's
// "queue resume --by" could not lift it.
func (p *program) queuePause() *cobra.Command {
	var s queuePauseSettings
	cmd := &cobra.Command{
		Use:   "pause QUEUE...",
		Short: "Pause queues: nothing in them is called for until they are resumed",
		Long: `Pause keeps workers from calling for tasks in the queues named, in both of a
gateway, or in all, until a person resumes them, whether or not these queues
exist yet. No DELETE leaves later than two seconds after the command has ended;
those that have left are finished. What a worker had taken up goes back, and no
attempt counts. A worker that is cut off from Redis cannot know of it: it takes
up nothing more.

'revoker queue list' shows who paused a queue, when and why. A queue that a gate
has paused stays paused when the gate opens. One that a person has paused before
is no error, and keeps that person and that reason.`,
		Example: `  revoker queue pause receipts-bulk-kcp
  revoker queue pause --pg nice --reason 'maintenance until 06:00'
  revoker queue pause --all`,
		Args:    arguments(0, -1, ""),
		PreRunE: notEmpty("by", "reason"),
		RunE:    func(cmd *cobra.Command, queues []string) error { return p.runQueuePause(cmd.Context(), &s, queues) },
	}
	p.queueFlags(&s.queueSettings, cmd.Flags())
	cmd.Flags().BoolVar(&s.every, "all", false, "every queue, also of gateways that were never called")
	cmd.Flags().StringVar(&s.by, "by", "", "`name` of who pauses (default this user of this machine)")
	cmd.Flags().StringVar(&s.reason, "reason", "", "`text` that says why, a line of at most 200 characters")
	return cmd
}

// runQueuePause pauses queues and says of each what paused it before. That a person has paused one
// already is no error, and that pause stays as it is. Once it returns nil, no DELETE for these queues
// leaves after two seconds: each worker asks Redis what is paused at most half a second before a call.
// A worker that is cut off from Redis keeps to what it read last.
func (p *program) runQueuePause(ctx context.Context, s *queuePauseSettings, names []string) error {
	if err := s.check(names, s.every); err != nil {
		return err
	}
	for flag, text := range map[string]string{"by": s.by, "reason": s.reason} {
		if err := line(flag, text); err != nil {
			return err
		}
	}
	meant, err := p.openQueues(ctx, &s.queueSettings, names)
	if err != nil {
		return err
	}
	// Without names openQueues returns what exists or is paused. --all is also for queues that come to
	// be during the pause, with the first request of a gateway.
	if s.every {
		meant = possibleQueues(meant, p.redis.Namespace)
	}
	pauses, by := pause.NewStore(p.client, p.redis.Namespace), cmp.Or(s.by, runner())
	before, err := pauses.ForPerson(ctx, queueNames(meant), by, s.reason)
	if err != nil {
		// Some queues may be paused. Those stay as they are when the command is repeated.
		return fmt.Errorf("%w; not all is paused: repeat the command", err)
	}
	for _, was := range before {
		p.tellQueue(meant, was.Queue, paused(was))
	}
	return nil
}

// paused says of a queue that was to be paused what the command did, given what paused it before.
func paused(was pause.Pause) string {
	switch {
	case was.ByPerson():
		return "is paused already, " + byPerson(was)
	case was.Gate != "":
		// The pause is the person's now. The gate does not resume it when it opens.
		return fmt.Sprintf("paused, also once %s opens", gateName(was.Gate))
	}
	return "paused"
}

// byPerson says which person has paused a queue, since when and why: "by kim@ops, since 2026-11-26
// 08:49:00 KST: maintenance". Asynq's web UI and its command line write neither name nor reason.
func byPerson(p pause.Pause) string {
	text := "by " + cmp.Or(p.By, "a person, in Asynq's web UI or with its tool")
	if !p.Since.IsZero() {
		text += ", since " + moment(p.Since)
	}
	if p.Reason != "" {
		text += ": " + p.Reason
	}
	return text
}

// longestText is how many characters a person's name or reason may have: each line of queue list, status
// and the web site that tells of the pause shows it whole. Korean letters count as one.
const longestText = 200

// line returns a usageError unless the value of a flag is one line of valid UTF-8 without control
// characters: others read it in their terminal, which would obey them.
func line(flag, text string) error {
	switch {
	case utf8.RuneCountInString(text) > longestText:
		return usageError{fmt.Errorf("--%s is longer than %d characters", flag, longestText)}
	case !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) }):
		return usageError{fmt.Errorf("--%s %q must be one line of text", flag, text)}
	}
	return nil
}

// runner returns who runs the program and where, as user@host. What the system does not tell is
// "unknown": that must not keep a person from pausing.
func runner() string {
	name := "unknown"
	if is, err := user.Current(); err == nil {
		// In a container the user may have a number and no name.
		name = cmp.Or(is.Username, is.Uid)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return name + "@" + host
}
