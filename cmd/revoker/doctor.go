package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	"receiptrevoker/cmd/internal/config"
	"receiptrevoker/cmd/internal/doctor"
	"receiptrevoker/tasks/outcome"
)

// doctor returns the command that examines Redis, the queues and PortOne's credentials. Its checks are
// in cmd/internal/doctor; what is here connects, prints and makes the exit code.
func (p *program) doctor() *cobra.Command {
	var api config.IAMPort
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look for what would lose revocations, and say how to mend it",
		Long: `Doctor examines what in Redis would lose revocations (version, persistence,
eviction, and writes that a failover of Sentinels loses) or stop them (writes,
a worker's rights), asks PortOne for a token with the credentials of the
environment, and looks for tasks and requests that no worker works on, and for
workers that are older than what they may be asked. It prints a line for each
check, and what to do about those that are not ok.

A Redis that forbids INFO or CONFIG is no failure: what cannot be seen is shown
as unknown. Where PortOne's key is given, the user of the Redis URL must be
allowed all that workers do, unless it only looks. It costs the same at any
number of tasks and outcomes. It writes one key that lives for a second, and to
try the rights of any other user than revoker-doctor one more, which it deletes.

Exit codes: 1 if revocations would be lost or none can be carried out, as where
requests are open and no worker takes tasks; 3 if there are warnings only; 0
otherwise.`,
		Example: `  revoker doctor
  revoker doctor --json | jq 'select(.level == "failure")'`,
		Args: arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return p.runDoctor(cmd.Context(), &api) },
	}
	p.redis.Flags(cmd.Flags())
	api.Flags(cmd.Flags())
	cmd.Flags().BoolVar(&p.json, "json", false, "print one JSON object a line")
	return cmd
}

// runDoctor does not connect as other commands do: a Redis that does not answer would end the command,
// and is here the first finding, after which PortOne is examined all the same.
func (p *program) runDoctor(ctx context.Context, api *config.IAMPort) error {
	client, err := p.redis.Open()
	if err != nil {
		return usageError{err}
	}
	defer client.Close()
	redis.SetLogger(silent{}) // go-redis' own log; the findings say what fails
	examined := doctor.Config{
		Redis:    client,
		Reach:    func(ctx context.Context) error { return p.redis.Reach(ctx, client) },
		Outcomes: outcome.NewStore(client, p.redis.Outcomes()),
		Failover: p.redis.Failover(),
		Doubts:   api.Doubts(p.getenv),
	}
	// One connection suffices: doctor asks for one token. No key and no secret is right where no worker
	// runs; one of them alone keeps a worker from starting, and is a finding.
	examined.API, err = api.Client(p.getenv, 1)
	if !errors.Is(err, config.ErrNoCredentials) {
		examined.NoAPI, examined.Insecure = err, errors.Is(err, config.ErrInsecure)
	}
	return p.tellFindings(ctx, examined)
}

// tellFindings prints each finding as soon as its check has ended, since a check may take 15 seconds
// where a node does not answer. Its error makes the exit code: 1 for a failure, or where Ctrl-C ended
// it before all was examined; errUnfinished, 3, for warnings alone. What is unknown changes nothing: a
// managed Redis forbids CONFIG, and an alarm that is always on is read by no one.
func (p *program) tellFindings(ctx context.Context, examined doctor.Config) error {
	counts := make(map[doctor.Level]int)
	for f := range doctor.Examine(ctx, examined) {
		counts[f.Level]++
		if err := p.tellFinding(f); err != nil {
			return err
		}
	}
	p.say("%d ok, %s, %s, %d unknown.", counts[doctor.OK],
		plural(counts[doctor.Warning], "warning"), plural(counts[doctor.Failure], "failure"), counts[doctor.Unknown])
	switch {
	case ctx.Err() != nil:
		return errors.New("stopped before everything was examined")
	case counts[doctor.Failure] > 0:
		return errors.New("revocations would be lost, or none can be carried out")
	case counts[doctor.Warning] > 0:
		return errUnfinished
	}
	return nil
}

// findingIndent is in which column the text of a finding begins: 8 for the level, 14 for the check, and
// a blank behind each, as the format in tellFinding has them.
const findingIndent = 24

// tellFinding prints a finding as a line, and below it what to do; or both as one line of JSON, for
// scripts: revoker doctor --json | jq 'select(.level == "failure")'.
func (p *program) tellFinding(f doctor.Finding) error {
	if p.json {
		return printJSON(p.stdout, f)
	}
	out, text := newScreen(p.stdout), fmt.Sprintf("%-8s %-14s %s", f.Level, f.Check, f.Found)
	if f.Node != "" {
		text += fmt.Sprintf(" (%s)", f.Node)
	}
	err := out.line(text, findingIndent)
	if err == nil && f.Mend != "" {
		err = out.line(strings.Repeat(" ", findingIndent)+"→ "+f.Mend, findingIndent+2)
	}
	return err
}
