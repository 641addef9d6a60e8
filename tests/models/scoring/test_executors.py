"""What a task of Spark does with its batches is what one machine does with all rows."""

from datetime import date

import pandas as pd
import pyarrow as pa

from models.alerts import DEFAULT_POLICY
from models.scoring.executors import apart, by_batches, schema_of, together
from models.scoring.scoring import alerted, score, scored
from tests.models.small import rows_of


def test_rows_scored_batch_by_batch_get_the_scores_that_they_get_together(model, sample):
    x = sample[0][:90]
    period = pd.Series([date(2024, 1, 1)] * len(x)).astype("datetime64[ms]")
    rows = rows_of(x).assign(
        siren=[f"{n:09d}" for n in range(len(x))], period=period, in_procedure=[n % 9 == 0 for n in range(len(x))]
    )
    table = pa.Table.from_pandas(rows, preserve_index=False)
    table = table.set_column(table.column_names.index("period"), "period", table["period"].cast(pa.date32()))
    example = scored(model, rows.head(1))
    batches = table.to_batches(max_chunksize=40)
    # An executor may be given nothing.
    batches.append(batches[0].slice(0, 0))
    made = list(by_batches(model, schema_of(together(example)))(batches))
    assert [batch.num_rows for batch in made] == [40, 40, 10]
    found = alerted(apart(pa.Table.from_batches(made).to_pandas(date_as_object=False), example), rows, DEFAULT_POLICY)
    whole = score(model, rows)
    pd.testing.assert_frame_equal(found.scores, whole.scores, rtol=1e-12)
    pd.testing.assert_frame_equal(found.contributions, whole.contributions, rtol=1e-12)
    assert found.thresholds == whole.thresholds
