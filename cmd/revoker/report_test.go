package main

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"receiptrevoker/tasks/outcome"
)

// columnsOf returns the columns of a report by their names, those of the list itself by their place.
func columnsOf(t *testing.T, report string) (header []string, rows []map[string]string) {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(report)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range all[1:] {
		row := make(map[string]string)
		for i, name := range all[0] {
			row[name] = record[i]
		}
		rows = append(rows, row)
	}
	return all[0], rows
}

// An outcome whose life in Redis is over is not said to be queued.
func TestReportOfAnOutcomeThatHasExpired(t *testing.T) {
	t.Parallel()
	w := newEmbeddedWorld(t)
	list := write(t, "imp_uid,pg\nimp_000000000001,kcp\nimp_000000000002,kcp\n")
	w.expect(t, exitDone, "bulk", list, "--batch", "b", "--yes")
	if err := w.client(t).Del(t.Context(), "{receipt}:request:imp_000000000001").Err(); err != nil {
		t.Fatal(err)
	}
	_, rows := columnsOf(t, w.expect(t, exitDone, "batch", "report", "b"))
	if gone := rows[0]; gone["status"] != string(unknown) || !strings.Contains(gone["message"], "--outcome-ttl") {
		t.Errorf("got %q and %q, want unknown and why", gone["status"], gone["message"])
	}
	if queued := rows[1]; queued["status"] != string(outcome.Queued) || queued["message"] != "" {
		t.Errorf("got %q and %q, want queued", queued["status"], queued["message"])
	}
}

// A report has what stands in columns without a name, and tells of lines that reach further.
func TestReportHasColumnsWithoutAName(t *testing.T) {
	t.Parallel()
	w := newEmbeddedWorld(t)
	list := write(t, "imp_uid,amount\nimp_000000000001,100,first\nimp_000000000002,200,second\n"+
		"imp_000000000003,300,third\nimp_000000000004,1,000,fourth\nimp_000000000005,500,fifth,,\n")
	w.expect(t, exitUnfinished, "bulk", list, "--batch", "b", "--yes")
	code, stdout, stderr := w.run(t.Context(), "batch", "report", "b")
	header, rows := columnsOf(t, stdout)
	if want := []string{"imp_uid", "amount", "", "outcome_imp_uid"}; code != exitDone || !slices.Equal(header[:4], want) {
		t.Errorf("exit code %d, header %q, want %q", code, header[:4], want)
	}
	for i, want := range []string{"first", "second", "third", "000", "fifth"} {
		if rows[i][""] != want {
			t.Errorf("row %d: got %q, want %q", i+1, rows[i][""], want)
		}
	}
	want := "1 line has values to the right of all columns, which the report leaves out: line 5\n"
	if !strings.Contains(stderr, want) {
		t.Errorf("got %q, want %q", stderr, want)
	}
}
