// Reading and writing what FTP announces, as a kernel of its own, for test/assembly/helper.test.ts.

export {
  announcedPort,
  form,
  readAnnouncement,
  textLength,
  textStart,
} from "../../assembly/helper/announcement";
export { isLineBeginning, noteLineEnd } from "../../assembly/helper/line_ends";
export { writeAnnouncement } from "../../assembly/helper/writing";
export { openDirectory } from "../../assembly/memory/directory";
