package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"receiptrevoker/tasks/outcome"
)

// Both READMEs, and both references, say the same: the same sections, the same commands,
// and tables with the same names in them.
func TestReadmesHaveTheSameContent(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"../../README", "../../deploy/REFERENCE"} {
		english, korean := readme(t, name+".md").prose(), readme(t, name+".ko.md").prose()
		for _, part := range []struct {
			name string
			of   func(document) []string
		}{
			{"levels of headings", document.levels},
			{"blocks of code, without comments", document.code},
			{"names in tables", document.tableNames},
			{"where links lead", document.links},
			{"items of lists", document.items},
		} {
			if diff := cmp.Diff(part.of(english), part.of(korean)); diff != "" {
				t.Errorf("%s (-%s.md +%[2]s.ko.md):\n%s", part.name, name, diff)
			}
		}
	}
}

// Both READMEs say what each reason means.
func TestReadmesNameEveryReason(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"../../README.md", "../../README.ko.md"} {
		prose := strings.Join(readme(t, name).prose(), "\n")
		for _, reason := range append(outcome.TerminalReasons(), outcome.RetryingReasons()...) {
			if !strings.Contains(prose, "`"+string(reason)+"`") {
				t.Errorf("%s has no row for the reason %s", name, reason)
			}
		}
	}
}

// Both references say what each field of an outcome means.
func TestReferencesNameEveryField(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"../../deploy/REFERENCE.md", "../../deploy/REFERENCE.ko.md"} {
		prose := strings.Join(readme(t, name).prose(), "\n")
		for _, field := range outcome.Fields() {
			if !strings.Contains(prose, "`"+field+"`") {
				t.Errorf("%s has no row for the field %s", name, field)
			}
		}
	}
}

// A link leads to a file and a section that exist, and to the same section in both languages.
func TestReadmesLinkToSectionsThatExist(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"../../README", "../../deploy/REFERENCE", "../../deploy/RUNBOOK"} {
		if diff := cmp.Diff(linkedSections(t, name+".md"), linkedSections(t, name+".ko.md")); diff != "" {
			t.Errorf("numbers of the sections that links lead to (-%s.md +%[1]s.ko.md):\n%s", name, diff)
		}
	}
	linkedSections(t, "../../bench/README.md")
}

// linkedSections returns the sections that the prose of a document links to: a file, and the
// section's number in it, as names are translated. The link of a file or section that does
// not exist, also of one outside the prose, is an error.
func linkedSections(t *testing.T, path string) (found []string) {
	t.Helper()
	doc := readme(t, path)
	prose := strings.Join(doc.prose(), "\n")
	for _, link := range linkFormat.FindAllStringSubmatch(strings.Join(doc, "\n"), -1) {
		file, section, toSection := strings.Cut(link[1], "#")
		if strings.Contains(file, "://") {
			continue
		}
		target := path
		if file != "" {
			target = filepath.Join(filepath.Dir(path), file)
		}
		if _, err := os.Stat(target); err != nil {
			t.Errorf("%s: %v", path, err)
		} else if toSection {
			number := slices.Index(readme(t, target).anchors(), section)
			if number < 0 {
				t.Errorf("%s: no section for %s", path, link[1])
			}
			if strings.Contains(prose, link[0]) {
				found = append(found, fmt.Sprint(strings.Replace(target, ".ko.md", ".md", 1), " ", number))
			}
		}
	}
	slices.Sort(found)
	return found
}

// generated begins the marker before a table that the code determines.
const generated = "<!-- generated: "

// document is the lines of a README.
type document []string

func readme(t *testing.T, path string) document {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

var (
	linkFormat = regexp.MustCompile(`\]\(([^)]*)\)`)
	nameFormat = regexp.MustCompile("`[^`]*`")
	dateFormat = regexp.MustCompile(`\d{4}-\d\d-\d\d`)
	comment    = regexp.MustCompile(`\s+(#|//) .*`)
)

// prose returns a document without what is in one language alone: the tables that are
// generated, of which the markers stay, and the glossary.
func (d document) prose() (found document) {
	inTable := false
	for _, line := range d {
		if line == "## 용어" {
			break
		}
		inTable = inTable && line != "<!-- end -->"
		if !inTable {
			found = append(found, line)
		}
		inTable = inTable || strings.HasPrefix(line, generated)
	}
	return found
}

func (d document) headings() (found []string) {
	for _, line := range d {
		if strings.HasPrefix(line, "#") {
			found = append(found, line)
		}
	}
	return found
}

func (d document) levels() (found []string) {
	for _, heading := range d.headings() {
		level, _, _ := strings.Cut(heading, " ")
		found = append(found, level)
	}
	return found
}

// anchors returns what a link to each section says after its "#", as GitHub
// makes it.
func (d document) anchors() (found []string) {
	for _, heading := range d.headings() {
		_, title, _ := strings.Cut(heading, " ")
		found = append(found, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, title))
	}
	return found
}

func (d document) code() (found []string) {
	fenced := false
	for _, line := range d {
		fenced = fenced != strings.HasPrefix(line, "```")
		if fenced || strings.HasPrefix(line, "    ") {
			found = append(found, strings.TrimRight(comment.ReplaceAllString(line, ""), " "))
		}
	}
	return found
}

// tableNames returns the names in each row of a table, and the markers of tables that are
// generated.
func (d document) tableNames() (found []string) {
	for _, line := range d {
		if strings.HasPrefix(line, "|") {
			found = append(found, strings.Join(sorted(nameFormat, line), " "))
		} else if strings.HasPrefix(line, generated) {
			found = append(found, line)
		}
	}
	return found
}

// links returns the files and addresses to which links lead, without the sections, whose
// names are translated.
func (d document) links() (found []string) {
	for _, link := range linkFormat.FindAllStringSubmatch(strings.Join(d, "\n"), -1) {
		if file, _, _ := strings.Cut(link[1], "#"); file != "" {
			found = append(found, strings.Replace(file, ".ko.md", ".md", 1)) // either leads to the other
		}
	}
	slices.Sort(found)
	return found
}

// items returns the dates in each item of a list.
func (d document) items() (found []string) {
	for _, line := range d {
		if strings.HasPrefix(line, "- ") {
			found = append(found, "- "+strings.Join(sorted(dateFormat, line), " "))
		}
	}
	return found
}

func sorted(format *regexp.Regexp, line string) []string {
	found := format.FindAllString(line, -1)
	slices.Sort(found)
	return found
}
