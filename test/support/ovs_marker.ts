/** Frames of this EtherType (IEEE local experimental 2) say that those before them are through. */
export const MARKER_TYPE = 0x88b6;
