package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

const (
	// surveyPage is how many lines are looked up in one round trip, in which Redis answers
	// nobody else.
	surveyPage = 250
	// surveyedNames is how many names of gateways are told apart.
	surveyedNames = 256
	// surveyExamples is how many lines are shown as they were read.
	surveyExamples = 5
)

// survey is what is found in a list that is read once, and in Redis about its lines,
// before anything is asked for.
type survey struct {
	input  *bulkInput
	counts lineCounts
	odd    []string // what there is to say of lines that are not simply asked for

	known    map[standing]int
	gateways map[tasks.Gateway]*gatewayLines
	others   gatewayLines // of names that are not told apart
	examples []enqueue.Line

	wrong  *enqueue.Contradictions // of the list; nil where they are not known
	usable int                     // lines that can be used
	// unread is why the list was not read to its end, and unknown why it is not known
	// what was asked for before; nil if it was, and is.
	unread, unknown error
}

// standing is how far an imp_uid of the list has come.
type standing struct {
	again  bool // it is asked for again, since what was asked for before is no answer
	status outcome.Status
	reason outcome.Reason
}

// gatewayLines counts lines that can be asked for.
type gatewayLines struct{ lines, known int }

// survey reads the list once, and looks its lines up by client. An error that is unknown
// before says why they cannot be. It returns the error of ctx; see survey.err for others.
func (p *program) survey(
	ctx context.Context, input *bulkInput, client *enqueue.Client, unknown error,
) (*survey, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(garbagePercent))
	s := &survey{
		input: input, known: make(map[standing]int), gateways: make(map[tasks.Gateway]*gatewayLines), unknown: unknown,
	}
	s.counts.say = func(format string, args ...any) { s.odd = append(s.odd, fmt.Sprintf(format, args...)) }
	wrong, err := input.contradictions(ctx, p.stderr)
	if err != nil {
		return nil, err
	}
	progress := newCounter(p.stderr, "lines looked at")
	defer progress.end()
	reader := &lineReader{list: input.reader, wrong: wrong}
	reader.lookAhead()
	page := make([]enqueue.LineResult, 0, surveyPage)
	for line := range enqueue.Check(reader.lines) {
		progress.add()
		if page = append(page, line); len(page) < surveyPage {
			continue
		}
		if s.add(ctx, client, page); ctx.Err() != nil {
			break
		}
		page = page[:0]
	}
	s.add(ctx, client, page)
	if ctx.Err() != nil {
		return nil, errors.New("stopped: nothing was asked for")
	}
	s.counts.tellHidden()
	s.usable, s.unread, s.wrong = reader.usable, reader.err, reader.wrong
	return s, nil
}

// err returns why the list cannot be asked for, or why not all is known of it; nil if it
// can, and is.
func (s *survey) err() error {
	switch {
	case s.unread != nil:
		return fmt.Errorf("%s: %w", s.input.name, s.unread)
	case s.usable == 0:
		return fmt.Errorf("%s: %w", s.input.name, noneUsable(s.counts.lines, s.input.reader.Format()))
	}
	return s.unknown
}

// add takes lines in, and looks them up while Redis answers.
func (s *survey) add(ctx context.Context, client *enqueue.Client, page []enqueue.LineResult) {
	var previews []enqueue.LinePreview
	if s.unknown == nil {
		previews, s.unknown = client.Preview(ctx, page)
	}
	for i, line := range page {
		preview := enqueue.LinePreview{LineResult: line}
		if s.unknown == nil {
			preview = previews[i]
		}
		s.count(preview)
	}
}

// count counts a line.
func (s *survey) count(line enqueue.LinePreview) {
	s.counts.count(line.LineResult)
	if line.Kind == outcome.KindInvalid {
		return
	}
	if len(s.examples) < surveyExamples {
		s.examples = append(s.examples, line.Line)
	}
	if line.Kind == outcome.KindRepeated {
		return
	}
	gateway := s.gateway(line.PG)
	gateway.lines++
	if line.Kind == outcome.KindElsewhere {
		gateway.known++
	}
	if line.Status != "" {
		s.known[standing{line.Kind == outcome.KindQueued, line.Status, line.Reason}]++
	}
}

// gateway returns the counts of a gateway.
func (s *survey) gateway(pg tasks.Gateway) *gatewayLines {
	found, ok := s.gateways[pg]
	switch {
	case ok:
		return found
	case len(s.gateways) >= surveyedNames && !pg.Known():
		return &s.others
	}
	found = &gatewayLines{}
	s.gateways[pg] = found
	return found
}
