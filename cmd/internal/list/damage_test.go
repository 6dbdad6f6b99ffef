package list_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"receiptrevoker/bench/redistest/scale"
	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/tasks"
)

// damages are what people and programs do to a list. Each takes its lines, without line ends, and
// a place among them.
var damages = map[string]func(lines []string, at int, r *rand.Rand){
	"a stray quote": func(lines []string, at int, r *rand.Rand) {
		lines[at] = inCell(lines[at], "imp_", r, func(cell string) string { return `"` + cell })
	},
	"inches": func(lines []string, at int, r *rand.Rand) {
		lines[at] = inCell(lines[at], digits, r, func(cell string) string { return cell + `27"` })
	},
	"a ditto mark": func(lines []string, at int, r *rand.Rand) {
		lines[at] = inCell(lines[at], digits, r, func(string) string { return `"` })
	},
	"a missing line end": func(lines []string, at int, _ *rand.Rand) {
		if at+1 < len(lines) {
			lines[at], lines[at+1] = lines[at]+lines[at+1], ""
		}
	},
	"a shifted cell": func(lines []string, at int, r *rand.Rand) {
		at = max(at, 1) // below a header whose names have moved no line can be used
		lines[at] = inCell(lines[at], digits, r, func(string) string { return "급,함" })
	},
	"a dressed imp_uid": func(lines []string, at int, _ *rand.Rand) {
		lines[at] = wholeImpUID.ReplaceAllString(lines[at], "($0)")
	},
	"no imp_": func(lines []string, at int, _ *rand.Rand) {
		lines[at] = strings.Replace(lines[at], "imp_7", "7", 1)
	},
	"a missing separator": func(lines []string, at int, r *rand.Rand) {
		at = max(at, 1)
		cells := strings.Split(lines[at], ",")
		i := r.IntN(len(cells))
		lines[at] = strings.Join(cells[:i], ",") + " " + strings.Join(cells[i:], ",")
	},
}

var wholeImpUID = regexp.MustCompile(`imp_7\d+`)

const digits = "0123456789"

// inCell changes a cell of a line that holds none of the bytes.
func inCell(line, without string, r *rand.Rand, change func(cell string) string) string {
	cells := strings.Split(line, ",")
	if i := r.IntN(len(cells)); !strings.ContainsAny(cells[i], without) {
		cells[i] = change(cells[i])
	}
	return strings.Join(cells, ",")
}

// Of a list with any damage each imp_uid is read with its own values, or its line is reported,
// or the list is refused.
func TestNoImpUIDOfADamagedListIsLost(t *testing.T) {
	t.Parallel()
	kinds := make([]string, 0, len(damages))
	for kind := range damages {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	for seed := range scale.Of[uint64](400, 4000) {
		r := rand.New(rand.NewPCG(seed, 13))
		lines := randomList(r)
		said := ""
		for range 1 + r.IntN(4) {
			kind, at := kinds[r.IntN(len(kinds))], r.IntN(len(lines))
			damages[kind](lines, at, r)
			said += fmt.Sprintf(" %s on line %d;", kind, at+1)
		}
		if lost := lostOf(t, lines); lost != "" {
			t.Errorf("seed %d,%s %s\n%s", seed, said, lost, strings.Join(lines, "\n"))
		}
		if t.Failed() {
			return
		}
	}
}

// randomList returns a header and lines with an imp_uid, the last digits of which are the
// receipt's number, and other cells in any order.
func randomList(r *rand.Rand) []string {
	names := []string{"imp_uid", "apply_num", "상품", "메모"}[:2+r.IntN(3)]
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	lines := []string{strings.Join(names, ",")}
	for i := range 2 + r.IntN(12) {
		cells := make([]string, len(names))
		for c, name := range names {
			switch name {
			case "imp_uid":
				cells[c] = fmt.Sprintf("imp_7000000%05d", 10000+i)
			case "apply_num":
				cells[c] = fmt.Sprintf("%05d", 10000+i)
			default:
				cells[c] = []string{"사과", "급함", "x", "배"}[r.IntN(4)]
			}
		}
		lines = append(lines, strings.Join(cells, ","))
	}
	return lines
}

// lostOf returns what was read wrongly, or neither read nor reported; "" if nothing was.
func lostOf(t *testing.T, lines []string) string {
	t.Helper()
	reader, err := list.NewReader(strings.NewReader(strings.Join(lines, "\n")), list.Options{})
	if err != nil {
		return ""
	}
	told := make(map[int]bool)
	for {
		row, err := reader.Read()
		if err == io.EOF {
			break
		}
		if bad, ok := errors.AsType[*list.LineError](err); ok {
			told[bad.Line] = true
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		told[row.Line] = true
		if (tasks.Revocation{ImpUID: row.ImpUID, ApplyNum: row.ApplyNum}).ValidateNew() != nil {
			continue // as who reads the list reports
		}
		end := row.Line - 1 // a record may end on a later line, with its imp_uid
		for end < len(lines)-1 && !strings.Contains(lines[end], row.ImpUID) {
			end++
		}
		told[end+1] = true
		if !strings.Contains(lines[end], row.ImpUID) || !strings.HasSuffix(row.ImpUID, row.ApplyNum) {
			return fmt.Sprintf("read %s with the number %q on line %d", row.ImpUID, row.ApplyNum, row.Line)
		}
		mostHaveNone := func(n list.Note) bool { return strings.HasPrefix(n.Text, "most lines end before the column") }
		if row.ApplyNum == "" && reader.Layout().ApplyNum != "" && !slices.ContainsFunc(reader.Notes(), mostHaveNone) {
			return fmt.Sprintf("read %s without its number on line %d", row.ImpUID, row.Line)
		}
	}
	for i, line := range lines {
		// A number that is glued to the header may as well be part of a name.
		if strings.Contains(line, "7000000") && !told[i+1] && (i > 0 || strings.Contains(line, "imp_7")) {
			return fmt.Sprintf("line %d is neither read nor reported", i+1)
		}
	}
	return ""
}
