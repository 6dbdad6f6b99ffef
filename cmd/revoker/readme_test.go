package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

// Both READMEs say the same: the same sections, the same commands, and tables
// with the same names in them.
func TestReadmesHaveTheSameContent(t *testing.T) {
	t.Parallel()
	english, korean := readme(t, "../../README.md"), readme(t, "../../README.ko.md")
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
			t.Errorf("%s (-README.md +README.ko.md):\n%s", part.name, diff)
		}
	}
}

// A link to a section leads to one that exists.
func TestReadmesLinkToSectionsThatExist(t *testing.T) {
	t.Parallel()
	for _, path := range append([]string{"../../README.md", "../../README.ko.md"}, runbooks...) {
		doc := readme(t, path)
		for _, link := range linkFormat.FindAllStringSubmatch(strings.Join(doc, "\n"), -1) {
			section, local := strings.CutPrefix(link[1], "#")
			if local && !slices.Contains(doc.anchors(), section) {
				t.Errorf("%s: no section for %s", path, link[1])
			}
			if !local && !strings.Contains(link[1], "://") {
				if _, err := os.Stat(filepath.Join(filepath.Dir(path), link[1])); err != nil {
					t.Errorf("%s: %v", path, err)
				}
			}
		}
	}
}

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

// tableNames returns the names and dates in each row of a table.
func (d document) tableNames() (found []string) {
	for _, line := range d {
		if strings.HasPrefix(line, "|") {
			found = append(found, strings.Join(sorted(nameFormat, line), " "))
		}
	}
	return found
}

// links returns where each line's links lead, but for those to sections, whose
// names are translated.
func (d document) links() (found []string) {
	for _, link := range linkFormat.FindAllStringSubmatch(strings.Join(d, "\n"), -1) {
		if !strings.HasPrefix(link[1], "#") {
			found = append(found, strings.Replace(link[1], ".ko.md", ".md", 1)) // either leads to the other
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
