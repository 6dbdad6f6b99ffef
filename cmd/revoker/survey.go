package main

import (
	"context"
	"errors"
	"fmt"

	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

const (
	// surveyPage is how many lines are looked up at once. Redis answers no other client meanwhile, so
	// that [enqueue.Client.Preview] recommends this number.
	surveyPage = 250
	// surveyedNames is how many spellings of gateways are counted one by one. A column that holds
	// something else, such as names of customers, has as many as the list has lines.
	surveyedNames = 256
	// surveyExamples is how many lines are shown as they were read, by which a person sees whether
	// each value came from the right column.
	surveyExamples = 5
)

// survey is what is found in a list, and in Redis about its lines, before anything is requested. bulk
// --dry-run shows it, and so does bulk on a terminal before it asks whether it may request a long list.
// Its size does not grow with the list, but for the imp_uids, by which [enqueue.Check] finds repeated
// lines.
type survey struct {
	input  *bulkInput
	counts lineCounts
	odd    []string // a text for each of the first lines that cannot be used or repeat another

	known    map[standing]int
	gateways map[tasks.Gateway]*gatewayLines
	others   gatewayLines // of all spellings beyond surveyedNames
	examples []enqueue.Line

	wrong  *enqueue.Contradictions // of the list; nil where they are not known
	usable int                     // lines that can be used
	// unread is why the list was not read to its end, nil if it was. unknown is why Redis did not
	// tell what was requested before, nil if it did.
	unread, unknown error
}

// standing is how far an imp_uid of the list has come, as the key by which such lines are counted.
type standing struct {
	again  bool // it is requested again, as the earlier request was withdrawn or is of another receipt
	status outcome.Status
	reason outcome.Reason
}

// gatewayLines counts the lines of a gateway that can be used, and how many of them are known, as they
// were requested before.
type gatewayLines struct{ lines, known int }

// survey reads the list to its end and looks its lines up by client. unknown says why Redis cannot be
// asked, nil if it can: the list alone still shows most mistakes, so that it is surveyed all the same.
//
// The error says that Ctrl-C has stopped it, or why the list could not be read a second time. Whatever
// else goes wrong is in [survey.err], so that the caller shows first what was found.
func (p *program) survey(
	ctx context.Context, input *bulkInput, client *enqueue.Client, unknown error,
) (*survey, error) {
	s := &survey{
		input: input, known: make(map[standing]int), gateways: make(map[tasks.Gateway]*gatewayLines), unknown: unknown,
	}
	s.counts.say = func(format string, args ...any) { s.odd = append(s.odd, fmt.Sprintf(format, args...)) }
	// A file is read once before, for lines that contradict each other: the first of them must not
	// be shown as one that would be requested.
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
		// A stopped survey has counts of a part of the list, so it is not shown at all.
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

// err returns why the list cannot be requested: it could not be read to its end, or no line can be used.
// Both errors name the list. Otherwise it returns why Redis did not tell what was requested before, nil
// if it did.
func (s *survey) err() error {
	switch {
	case s.unread != nil:
		return fmt.Errorf("%s: %w", s.input.name, s.unread)
	case s.usable == 0:
		return fmt.Errorf("%s: %w", s.input.name, noneUsable(s.counts.lines, s.input.reader.Format()))
	}
	return s.unknown
}

// add counts a page of lines, and looks them up as long as Redis answers. After the first error it does
// not ask again: figures of a part of the list beside those of the whole would mislead.
func (s *survey) add(ctx context.Context, client *enqueue.Client, page []enqueue.LineResult) {
	var previews []enqueue.LinePreview
	if s.unknown == nil {
		previews, s.unknown = client.Preview(ctx, page)
	}
	for i, line := range page {
		// Without Redis a line keeps the kind that [enqueue.Check] gave it.
		preview := enqueue.LinePreview{LineResult: line}
		if s.unknown == nil {
			preview = previews[i]
		}
		s.count(preview)
	}
}

// count counts a line: each by its kind, and those that can be used by gateway and by what is known of
// them. A repeated line is none of the latter: its imp_uid is counted with the first.
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

// gateway returns where the lines of a gateway are counted. A gateway that is known always has a count
// of its own, however many other spellings came before.
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
