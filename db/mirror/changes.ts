/** What pages are told of a row that came from elsewhere. */
export interface Change {
  topic: string;
  id: string;
}
