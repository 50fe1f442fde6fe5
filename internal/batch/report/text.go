package report

import (
	"encoding/csv"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// WriteCSV writes a line per item, with a column for each parameter behind the
// item's own.
func (r *Report) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	names := r.names()
	header := []string{"id", "state", "workflow", "character", "backend", "attempts", "seconds", "usd", "seed", "files", "sha256", "code", "error"}
	for _, name := range names {
		header = append(header, "param."+name)
	}
	if err := out.Write(header); err != nil {
		return err
	}
	for _, i := range r.Items {
		var files, sums []string
		for _, f := range i.Files {
			files, sums = append(files, f.Name), append(sums, f.SHA256)
		}
		line := []string{
			i.ID, string(i.State), i.Workflow, i.Character, i.Backend, strconv.Itoa(i.Attempts), seconds(i.Took), amount(i.USD), i.Seed,
			strings.Join(files, " "), strings.Join(sums, " "), i.Code, i.Reason,
		}
		for _, name := range names {
			line = append(line, i.Value(name))
		}
		for n, cell := range line {
			line[n] = inert(cell)
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// inert keeps a spreadsheet from taking a text for a formula.
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }

func amount(usd float64) string {
	if usd == 0 {
		return ""
	}
	return strconv.FormatFloat(usd, 'f', 6, 64)
}

// The elements of JUnit's XML, as CI systems read them.
type (
	junitSuites struct {
		XMLName xml.Name     `xml:"testsuites"`
		Suites  []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name      string      `xml:"name,attr"`
		Tests     int         `xml:"tests,attr"`
		Failures  int         `xml:"failures,attr"`
		Skipped   int         `xml:"skipped,attr"`
		Time      string      `xml:"time,attr"`
		Timestamp string      `xml:"timestamp,attr,omitempty"`
		Cases     []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitFailure `xml:"failure,omitempty"`
		Skipped *struct{}     `xml:"skipped,omitempty"`
		Out     string        `xml:"system-out,omitempty"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes a test case per item: failed items are failures, and those
// that did not run are skipped.
func (r *Report) WriteJUnit(w io.Writer) error {
	c := r.Counts()
	suite := junitSuite{Name: r.Name, Tests: c.Total, Failures: c.Failed, Skipped: c.Open, Time: seconds(r.Took())}
	if !r.Created.IsZero() {
		suite.Timestamp = r.Created.UTC().Format("2006-01-02T15:04:05")
	}
	for _, i := range r.Items {
		test := junitCase{Name: printable(i.ID), Class: printable(i.Workflow), Time: seconds(i.Took)}
		switch {
		case i.Failed():
			test.Failure = &junitFailure{Message: printable(i.Reason), Type: i.Code, Text: printable(i.Reason)}
		case !i.Done():
			test.Skipped = &struct{}{}
		}
		var files []string
		for _, f := range i.Files {
			files = append(files, f.Name)
		}
		test.Out = printable(strings.Join(files, "\n"))
		suite.Cases = append(suite.Cases, test)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(junitSuites{Suites: []junitSuite{suite}}); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// printable leaves out what XML cannot hold.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}, s)
}

// mostFailures bounds the failures that Markdown lists: a summary is read by people.
const mostFailures = 20

// WriteMarkdown writes a summary for people: counts, timings, failures with their
// reasons.
func (r *Report) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	c := r.Counts()
	mark := "✅"
	switch {
	case c.Failed > 0:
		mark = "❌"
	case c.Open > 0:
		mark = "⏳"
	}
	fmt.Fprintf(&b, "### %s Batch %s\n\n", mark, markdown(r.Name))
	b.WriteString("| items | done | failed | open | GPU time | median | 95 % | cost |\n|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	cost := "–"
	if usd, ok := r.USD(); ok {
		cost = fmt.Sprintf("$%.2f", usd)
	}
	fmt.Fprintf(&b, "| %d | %d | %d | %d | %s | %s | %s | %s |\n", c.Total, c.Done, c.Failed, c.Open,
		human(r.Took()), human(r.Quantile(0.5)), human(r.Quantile(0.95)), cost)
	if c.Failed > 0 {
		b.WriteString("\n| failed item | why |\n|---|---|\n")
		shown := 0
		for _, i := range r.Items {
			if !i.Failed() {
				continue
			}
			if shown++; shown > mostFailures {
				fmt.Fprintf(&b, "| … | %d more |\n", c.Failed-mostFailures)
				break
			}
			fmt.Fprintf(&b, "| `%s` | %s |\n", strings.ReplaceAll(i.ID, "`", "'"), markdown(i.Reason))
		}
	}
	b.WriteString("\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// markdown is a text that stands in a table cell and means nothing else.
func markdown(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", "&lt;", ">", "&gt;", "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`).Replace(s)
}

// human is a time in few characters: 0.8 s, 42 s, 12 min, 3 h 5 min.
func human(d time.Duration) string {
	switch {
	case d == 0:
		return "–"
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
}
