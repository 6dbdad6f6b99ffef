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

// unaskedLines is how many lines a list may have that is requested without a question. A longer
// list does more harm if it is the wrong one, since no revocation can be taken back.
const unaskedLines = 1000

// dryRun shows what a list would request, and requests nothing. Where Redis does not answer or
// would refuse it, it shows what the list alone tells, by which most mistakes are found, and then
// returns that error: it cannot tell which lines are new. It returns errUnfinished if a line cannot
// be used.
func (p *program) dryRun(ctx context.Context, s bulkSettings, input *bulkInput) error {
	// A Redis URL that makes no sense is a mistake of the command line, and ends it with exit code 2.
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
	// A sum over a part of the list, or without Redis, would promise what the run does not keep.
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

// questions reports whether there is a person to be asked about a list: the question goes to standard
// error, and the answer comes from standard input, so both must be terminals, and the list must come
// from a file. In a script, cron or a pipeline no question is asked; a list that looks wrong then
// needs --yes.
func (p *program) questions(s bulkSettings, name string) bool {
	return !s.yes && !s.dryRun && name != "-" && config.Terminal(p.stdin) && config.Terminal(p.stderr)
}

// confirm shows what a list would request if it has more than unaskedLines or looks wrong, and asks
// a person for a yes. Without one the error is a usageError, exit code 2: nothing was begun. In any
// other case it asks nothing, and the list is judged by judge, as without a terminal.
func (p *program) confirm(ctx context.Context, job *bulkJob) error {
	found, err := p.survey(ctx, job.input, p.requests(), nil)
	if err != nil {
		return err
	}
	wrong := doubtful(job.input.reader, true)
	// The survey has read the list to its end: what it found need not be read a third time.
	if job.shown = found.counts.lines > unaskedLines || wrong != nil; job.shown {
		job.wrong = found.wrong
		if err := errors.Join(found.show(p.stderr, p.stderr), found.err()); err != nil {
			return err
		}
		p.say("")
		p.sayJudged(found)
		yes, err := p.askYes(ctx, fmt.Sprintf("Ask for them as the batch %s? [y/N] ", job.settings.batch))
		if err != nil {
			return err
		}
		// What looks wrong is the better reason: it says how to mend the list, beside --yes.
		if !yes {
			return cmp.Or(wrong, error(usageError{
				errors.New("nothing is asked for: --yes asks for the list without a question"),
			}))
		}
	}
	return job.input.rewind()
}

// sayJudged says right above the question whether a list is requested what would be, and why a person is
// asked. It repeats the warning in short, since the table of the survey may have moved the warning
// itself out of sight.
func (p *program) sayJudged(found *survey) {
	p.say("Would be: %s.", found.counts.sum())
	if suspects := found.input.reader.Suspects(); suspects.Doubtful() {
		p.say("%s, as the warning above says.", doubts(suspects, true))
	}
}

// askYes asks a person a question, and reports whether the answer is y or yes, in any case. All else
// is no: an empty line, the end of the input, a line of more than 4 KiB. It returns an error if
// Ctrl-C ends ctx meanwhile. The goroutine that reads the terminal then stays: a read of a terminal
// cannot be interrupted, and the command ends right after it.
func (p *program) askYes(ctx context.Context, question string) (bool, error) {
	newScreen(p.stderr).prompt(question)
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(io.LimitReader(p.stdin, 4096)).ReadString('\n') // an end is no yes
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		p.say("")
		return false, errors.New("stopped: nothing was asked for")
	case text := <-answer:
		return text == "y" || text == "yes", nil
	}
}

// judge says what is wrong with a list before any of it is requested, and returns the reader of the
// lines to request, or a usageError if the list is refused. A list that can be read twice is judged
// whole, which takes a million lines about a second: its columns may go wrong late, and two lines
// that contradict each other may be far apart. Another list is judged by the first 1,000 lines,
// which the reader has read ahead.
func (j *bulkJob) judge(ctx context.Context, reader *lineReader) (*lineReader, error) {
	// confirm has read the list and a person has said yes: only its contradictions are taken over.
	if j.shown {
		reader.mark(j.wrong)
		return reader, nil
	}
	// A list of fewer than 1,000 lines is known whole already; of one that cannot be read on there is
	// no more to know.
	if reader.ended || reader.err != nil || !j.input.rereadable() {
		j.wrong = reader.wrong
		return reader, j.judgeColumns(reader)
	}
	// onFail stops the requesting, which has not begun. Where the list cannot be read on, the next
	// reader meets the same place, and by then the lines before it have been requested.
	onFail := reader.onFail
	reader.onFail = nil
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

// judgeColumns says what is wrong with as much of a list as was read, and returns a usageError if
// it is refused. With --yes it only says so. Of a list that was read to its end all notes are
// printed, and tellList prints them no second time.
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

// refuse shows the lines of a list of which none can be used, fewer than 1,000, and returns an error.
// No batch is made of such a list: it would hold its name, and the mended list would be refused
// under it as another list.
func (j *bulkJob) refuse(lines []enqueue.Line, progress *counter) error {
	for _, line := range lines {
		j.asked.count(enqueue.LineResult{Line: line, Kind: outcome.KindInvalid})
	}
	progress.end()
	j.tellList()
	return noneUsable(len(lines), j.input.reader.Format())
}
