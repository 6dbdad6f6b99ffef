package list_test

import (
	"archive/tar"
	"bytes"
	"io"
	"strings"
	"testing"

	"receiptrevoker/cmd/internal/list"
)

func TestForeignFilesAreNamed(t *testing.T) {
	t.Parallel()
	compound := "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + strings.Repeat("\x00", 100<<10)
	part := func(name, text string) string { return string(archive(t, map[string]string{name: text})) }
	tests := []struct{ name, file, want string }{
		{"NASCA", "<## NASCA DRM FILE - VER1.00 ##>\x00\x01", "NASCA document protection"},
		{"SoftCamp", "SCDSA004\x00\x00A\x00", "SoftCamp document protection"},
		{"Fasoo", "\x9B DRMONE  This Document is encrypted", "Fasoo document protection"},
		{"Fasoo container", "<!-- FasooSecureContainer 1 -->", "Fasoo document protection"},
		{"Document Safer", "<DOCUMENTSAFER_0>\x00", "Document Safer"},
		{"old workbook", compound, "an old Excel workbook (.xls)"},
		{"workbook with a password", compound + "E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00", "a workbook with a password"},
		{"binary workbook", part("_rels/.rels", `<Relationships><Relationship Type="`+relationType+
			`officeDocument" Target="xl/workbook.bin"/></Relationships>`), "a binary workbook (.xlsb)"},
		{"OpenDocument", part("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), "an OpenDocument file (application/vnd.oasis.opendocument.spreadsheet)"},
		{"tar archive", tarOf(t, "환불.csv", "imp_uid\nimp_1\n"), "a tar archive that holds 환불.csv: unpack it"},
		{"tar archive in gzip", string(gzipped(t, tarOf(t, "list.csv", "imp_uid\n"))), "a tar archive that holds list.csv: unpack it"},
		{"MarkAny", "MARKANY DRM\x00", "MarkAny document protection"},
		{"MarkAny in brackets", "<## MarkAny 1.0 ##>\x00\x01", "MarkAny document protection"},
		{"MarkAny Document Safer", "<DOCUMENT SAFER V3.0>", "MarkAny Document Safer"},
		{"binary workbook without relations", part("xl/workbook.bin", "x"), "a binary workbook (.xlsb)"},
		{"Word without relations", part("word/document.xml", "<x/>"), "a Word document"},
		{"Hangul document", part("mimetype", "application/hwp+zip"), "a Hangul document (.hwpx)"},
		{"Word", part("_rels/.rels", `<Relationships><Relationship Type="`+relationType+
			`officeDocument" Target="word/document.xml"/></Relationships>`), "a Word document"},
		{"CSV in a ZIP archive", part("refunds.csv", "imp_uid\nimp_1\n"), "a ZIP archive that holds refunds.csv: unpack it"},
		{"empty ZIP archive", string(archive(t, nil)), "a ZIP archive that holds nothing"},
		{"PDF", "%PDF-1.7\n%\xE2\xE3", "a PDF"},
		{"RTF", `{\rtf1\ansi imp_1}`, "RTF"},
		{"HTML", "\r\n<html><body><table>", "HTML, which some order systems name .xls: open it in Excel and save it as CSV UTF-8"},
		{"HTML with a byte-order mark", "\xEF\xBB\xBF<!DOCTYPE html>", "HTML,"},
		{"XML spreadsheet", `<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">`, "an XML spreadsheet of Excel 2003"},
		{"XML", "<list><imp_uid/></list>", "HTML or XML"},
		{"xz", "\xFD7zXZ\x00\x00\x04", "xz -dc FILE | revoker bulk -"},
		{"bzip2", "BZh91AY&SY", "bzip2 -dc FILE"},
		{"picture", "\x89PNG\r\n\x1A\n", "a picture (PNG)"},
		{"program", "\x7FELF\x02\x01\x01\x00\x00", "the list is no text"},
		{"gzip in gzip", string(gzipped(t, string(gzipped(t, "imp_1\n")))), "compressed twice, with gzip"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := list.NewReader(bytes.NewBufferString(test.file), list.Options{})
			if err == nil || !strings.HasPrefix(err.Error(), "the list is ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}

// tarOf returns an archive of one file.
func tarOf(t *testing.T, name, text string) string {
	t.Helper()
	var out bytes.Buffer
	archive := tar.NewWriter(&out)
	if err := archive.WriteHeader(&tar.Header{Name: name, Size: int64(len(text)), Mode: 0o600}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(archive, text); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestListThatNamesMarkAnyIsRead(t *testing.T) {
	t.Parallel()
	got := read(t, strings.NewReader("MarkAny 환불 목록\nimp_uid\nimp_1\n"), list.Options{})
	if len(got) != 1 || got[0] != "3 imp_1" {
		t.Errorf("read %q", got)
	}
}

func TestNULCostsALine(t *testing.T) {
	t.Parallel()
	text := "imp_uid,memo\nimp\x00_2,y\n" + strings.Repeat("imp_3,z\n", 50)
	got := read(t, strings.NewReader(text), list.Options{})
	if len(got) != 51 || got[50] != "52 imp_3" || !strings.HasPrefix(got[0], "line 2: ") {
		t.Errorf("read %q", got[:min(len(got), 2)])
	}
}
