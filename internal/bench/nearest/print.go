package nearest

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// Print writes the report as tables.
func (r Report) Print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintf(t, "%s: %d vectors of %d numbers\n", r.Set, r.Vectors, r.Numbers)
	fmt.Fprintf(t, "built in %s, %s of processor time; %.0f MB, %.0f bytes a vector\n\n", r.Build.Clock.Round(time.Second), r.Build.CPU.Round(time.Second),
		float64(r.Build.Resident)/1e6, float64(r.Build.Resident)/float64(r.Vectors))
	fmt.Fprintln(t, "\treach\trecall\tCPU\tp95")
	for _, rows := range [][]Row{{r.Shipped}, r.Ours, r.Rivals, r.Changed, r.Filters} {
		for _, row := range rows {
			reach, p95 := "", ""
			if row.Reach > 0 {
				reach = fmt.Sprint(row.Reach)
			}
			if row.P95 > 0 {
				p95 = millis(row.P95)
			}
			fmt.Fprintf(t, "%s\t%s\t%.4f\t%s\t%s\n", row.Name, reach, row.Recall, millis(row.CPU), p95)
		}
	}
	for _, rival := range []string{"hnswlib", "faiss"} {
		for _, recall := range []float64{0.95, 0.98, 0.99, 0.995, 0.999} {
			our, their := cheapest(r.Ours, "parley, graph", recall), cheapest(r.Rivals, rival, recall)
			if our > 0 && their > 0 {
				fmt.Fprintf(t, "our CPU to that of %s, recall %.3f or more\t\t\t%.2f\n", rival, recall, float64(our)/float64(their))
			}
		}
	}
	return t.Flush()
}

func millis(d time.Duration) string { return fmt.Sprintf("%.3f ms", float64(d)/1e6) }

// cheapest is the least time with which a library reaches a recall; 0 where it did not.
func cheapest(rows []Row, name string, recall float64) (least time.Duration) {
	for _, row := range rows {
		if row.Name == name && row.Recall >= recall && (least == 0 || row.CPU < least) {
			least = row.CPU
		}
	}
	return least
}
