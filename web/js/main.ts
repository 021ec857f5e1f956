/**
 * What the page does by itself; the rest is htmx's. Read in the page's head, before htmx: nothing
 * flashes in the wrong theme, and htmx's first events are heard.
 *
 * Listeners of one event run in this order: what is open is marked, then news asks for more of it,
 * then the focus goes where it belongs.
 *
 * @module
 */
import { startComposer } from "./chat/composer.ts";
import { startGrowing } from "./chat/growing.ts";
import { startQuestions } from "./chat/questions.ts";
import { startReading } from "./chat/reading.ts";
import { startCaret } from "./editing/caret.ts";
import { startClosing } from "./editing/closing.ts";
import { startEditing } from "./editing/editing.ts";
import { startHolding } from "./editing/holding.ts";
import { startDropping } from "./files/dropping.ts";
import { startImporting } from "./files/importing.ts";
import { startAnnouncing } from "./frame/announcing.ts";
import { startCopying } from "./frame/copying.ts";
import { startFailures } from "./frame/failures.ts";
import { startKeys } from "./frame/keys.ts";
import { startNews } from "./frame/news.ts";
import { startTheme } from "./frame/theme.ts";
import { startFocus } from "./screens/focus.ts";
import { startMeasure } from "./screens/measure.ts";
import { startPlaces } from "./screens/places.ts";

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
