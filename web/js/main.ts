/**
 * What the page does by itself; the rest is htmx's. Read in the page's head, before htmx: nothing
 * flashes in the wrong theme, and htmx's first events are heard.
 *
 * Listeners of one event run in this order: what is open is marked, then news asks for more of it,
 * then the focus goes where it belongs.
 *
 * @module
 */
import { startAnnouncing } from "./announcing.ts";
import { startCaret } from "./caret.ts";
import { startClosing } from "./closing.ts";
import { startComposer } from "./composer.ts";
import { startCopying } from "./copying.ts";
import { startDropping } from "./dropping.ts";
import { startEditing } from "./editing.ts";
import { startFailures } from "./failures.ts";
import { startFocus } from "./focus.ts";
import { startGrowing } from "./growing.ts";
import { startHolding } from "./holding.ts";
import { startImporting } from "./importing.ts";
import { startKeys } from "./keys.ts";
import { startMeasure } from "./measure.ts";
import { startNews } from "./news.ts";
import { startPlaces } from "./places.ts";
import { startQuestions } from "./questions.ts";
import { startReading } from "./reading.ts";
import { startTheme } from "./theme.ts";

startTheme();
startMeasure();
startFailures();
startPlaces();
startNews();
startFocus();
startKeys();
startEditing();
startHolding();
startCaret();
startClosing();
startReading();
startGrowing();
startAnnouncing();
startCopying();
startQuestions();
startComposer();
startImporting();
startDropping();
