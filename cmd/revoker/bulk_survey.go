package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"receiptrevoker/cmd/internal/config"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks/outcome"
)

// unaskedLines is how many lines a list may have that is asked for without a question.
const unaskedLines = 1000

// dryRun shows what a list would ask for. Where Redis does not answer or would refuse it, it
// shows what the list alone tells, and returns the error in the end.
func (p *program) dryRun(ctx context.Context, s bulkSettings, input *bulkInput) error {
	err := p.connectToRequest(ctx)
	var usage usageError
	if errors.As(err, &usage) {
		return err
	}
	var queue *enqueue.Client // nil while Redis does not answer
	if err == nil {
		queue = p.requests()
	}
	found, err := p.survey(ctx, input, queue, err)
	if err != nil {
		return err
	}
	if err := found.show(p.stdout, p.stderr); err != nil {
		return err
	}
	if found.unread == nil && found.unknown == nil {
		p.say("Would be: %s.", found.counts.sum())
	}
	if err := found.err(); err != nil {
		return err
	}
	if suspects := input.reader.Suspects(); suspects.Doubtful() && !s.yes {
		p.say("It would be asked for only with --yes, or after a yes on a terminal.")
	}
	return unfinishedIf(found.counts.invalid() > 0)
}

// questions reports whether there is a person to be asked about a list.
func (p *program) questions(s bulkSettings, name string) bool {
	return !s.yes && !s.dryRun && name != "-" && config.Terminal(p.stdin) && config.Terminal(p.stderr)
}

// confirm shows what a list would ask for that is long or looks wrong, and asks whether it
// may. The error is a usageError if it may not.
func (p *program) confirm(ctx context.Context, job *bulkJob) error {
	found, err := p.survey(ctx, job.input, p.requests(), nil)
	if err != nil {
		return err
	}
	wrong := doubtful(job.input.reader, true)
	if job.shown = found.counts.lines > unaskedLines || wrong != nil; job.shown {
		job.wrong = found.wrong
		if err := errors.Join(found.show(p.stderr, p.stderr), found.err()); err != nil {
			return err
		}
		p.say("\n%s", judged(found))
		yes, err := p.askYes(ctx, fmt.Sprintf("Ask for them as the batch %s? [y/N] ", job.settings.batch))
		if err != nil {
			return err
		}
		if !yes {
			return cmp.Or(wrong, error(usageError{
				errors.New("nothing is asked for: --yes asks for the list without a question"),
			}))
		}
	}
	return job.input.rewind()
}

// judged says what stands right above the question whether a list may be asked for: what it
// would be, and why a person is asked.
func judged(found *survey) string {
	text := fmt.Sprintf("Would be: %s.", found.counts.sum())
	if suspects := found.input.reader.Suspects(); suspects.Doubtful() {
		text += "\n" + doubts(suspects, true) + ", as the warning above says."
	}
	return text
}

// askYes asks a person a question, and reports whether the answer is y or yes. It returns
// an error if ctx ends meanwhile; what then reads the terminal ends with the process.
func (p *program) askYes(ctx context.Context, question string) (bool, error) {
	fmt.Fprint(p.stderr, question)
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(io.LimitReader(p.stdin, 4096)).ReadString('\n') // an end is no yes
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(p.stderr)
		return false, errors.New("stopped: nothing was asked for")
	case text := <-answer:
		return text == "y" || text == "yes", nil
	}
}

// judge says what is wrong with a list before any of it is asked for, and returns the reader of
// what is to be asked for, or an error if nothing is. A list that can be read twice is judged
// whole, and another by the lines that the reader has read ahead.
func (j *bulkJob) judge(ctx context.Context, reader *lineReader) (*lineReader, error) {
	if j.shown {
		reader.mark(j.wrong)
		return reader, nil
	}
	if reader.ended || reader.err != nil || !j.input.rereadable() {
		j.wrong = reader.wrong
		return reader, j.judgeColumns(reader)
	}
	onFail := reader.onFail
	reader.onFail = nil // where it cannot be read on, the next reader finds that, too
	wrong, err := readThrough(ctx, reader, j.stderr)
	if err != nil {
		return nil, err
	}
	if err := j.judgeColumns(reader); err != nil {
		return nil, err
	}
	j.wrong, err = wrong, j.input.rewind()
	return &lineReader{list: j.input.reader, onFail: onFail, wrong: wrong}, err
}

// judgeColumns says what is wrong with as much of a list as was read, and returns an error if
// it is not to be asked for.
func (j *bulkJob) judgeColumns(reader *lineReader) error {
	suspects := reader.list.Suspects()
	switch {
	case reader.ended:
		tellList(j.stderr, reader.list)
		j.told = true
	case suspects.Any():
		tellColumns(j.stderr, reader.list, false)
	}
	if j.settings.yes {
		return nil
	}
	return doubtful(reader.list, reader.ended)
}

// refuse shows the lines of a list of which none can be used. No batch is made of it.
func (j *bulkJob) refuse(lines []enqueue.Line, progress *counter) error {
	for _, line := range lines {
		j.asked.count(enqueue.LineResult{Line: line, Kind: outcome.KindInvalid})
	}
	progress.end()
	j.tellList()
	return noneUsable(len(lines), j.input.reader.Format())
}
